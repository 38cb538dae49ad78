import { ownClient, requireClient } from '../core/tenant/require-client.ts';
import { deleteWebhook, setWebhook } from '../core/webhook/settings.ts';
import { redeliver, testWebhook } from '../core/webhook/try-webhook.ts';
import { showWebhook } from '../core/webhook/webhooks.ts';
import { byOf as by, type Call, httpHandler } from '../shared/http.ts';
import { webhookRoutes } from './routes.ts';

interface Input {
  readonly caller: { readonly clientId: string | undefined };
  readonly params: { readonly client_id: string };
}

const ofClient = ({ db }: Call, { caller, params }: Input) => requireClient(db, caller, params.client_id);

const success = true as const;

export const handler = httpHandler<typeof webhookRoutes>(webhookRoutes, {
  show: async (call, input) => showWebhook(call.db, await ofClient(call, input)),
  set: async (call, input) => {
    const clientId = ownClient(input.caller, input.params.client_id);
    const { url, topic_arn, style, min_severity, digest_minutes, rotate_secret } = input.body;
    const changes = {
      url,
      topicArn: topic_arn,
      style,
      minSeverity: min_severity,
      digestMinutes: digest_minutes,
      rotateSecret: rotate_secret,
    };
    const secret = await setWebhook(call.db, { clientId, changes }, by(call, input.caller), call.now);
    return { success, secret, webhook: await showWebhook(call.db, clientId) };
  },
  remove: async (call, input) => {
    await deleteWebhook(call.db, await ofClient(call, input), by(call, input.caller), call.now);
    return { success };
  },
  test: async (call, input) =>
    testWebhook(call.db, ownClient(input.caller, input.params.client_id), by(call, input.caller), call.now),
  redeliver: async (call, input) => {
    const clientId = await ofClient(call, input);
    return { success, messages: await redeliver(call.db, clientId, by(call, input.caller), call.now) };
  },
});
