import { fromEnv } from '@aws-sdk/credential-provider-env';
import { Sha256 } from '@smithy/core/checksum';
import { SignatureV4 } from '@smithy/signature-v4';
import { fileStoreEnv } from '../../../shared/env.ts';
import { activatedKey } from '../../model/live-model.ts';
import type { Deadline } from './deadline.ts';

/** How long a signed URL is valid. It is used at once, for one request. */
const urlSeconds = 60;

/**
 * Reads the model file of a session that was tried, by a URL signed here: S3's client is as large as a whole handler.
 * @throws Error when the file is missing, or does not arrive in time
 */
export async function readActivated(sessionId: string, deadline: Deadline): Promise<Uint8Array> {
  const answer = await fetch(await signedUrl(activatedKey(sessionId)), {
    signal: AbortSignal.timeout(Math.ceil(deadline.left())),
  });
  // For a missing file, S3 responds "forbidden" to callers that may not list the bucket.
  if (!answer.ok) throw new Error(`its file cannot be read: S3 responded with ${answer.status}`);
  return answer.bytes();
}

async function signedUrl(key: string): Promise<URL> {
  const { MODEL_BUCKET, AWS_REGION, AWS_ENDPOINT_URL_S3 } = fileStoreEnv();
  const url = new URL(`${MODEL_BUCKET}/${key}`, AWS_ENDPOINT_URL_S3 ?? `https://s3.${AWS_REGION}.amazonaws.com`);
  const signer = new SignatureV4({
    service: 's3',
    region: AWS_REGION,
    credentials: fromEnv(),
    sha256: Sha256,
    uriEscapePath: false,
  });
  const { protocol, hostname, pathname: path } = url;
  const headers = { host: url.host, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' };
  const request = { method: 'GET', protocol, hostname, path, headers };
  const { query = {} } = await signer.presign(request, { expiresIn: urlSeconds });
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, String(value));
  return url;
}
