import { request } from 'node:http';

interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the API answers; each caller looks at what it needs.
  readonly body: any;
}

/**
 * The deployed API. The emulator distinguishes APIs by host name, which this machine cannot resolve. So the client
 * connects to the emulator and sends the name in the host header.
 */
export class Api {
  readonly #emulator: URL;
  readonly #host: string;

  constructor(emulatorUrl: string, apiUrl: string) {
    this.#emulator = new URL(emulatorUrl);
    this.#host = apiUrl.replace('http://', ''); // not parsed with URL: the host ends in a number, which the standard rejects
  }

  call(method: string, path: string, token: string | undefined, body?: unknown): Promise<Answer> {
    const { hostname, port } = this.#emulator;
    const headers = {
      host: this.#host,
      ...(token && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    };
    return new Promise((resolve, reject) => {
      const call = request({ method, path, hostname, port, headers, timeout: 40_000 }, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('end', () => {
          try {
            resolve({ status: response.statusCode ?? 0, body: text === '' ? undefined : JSON.parse(text) });
          } catch {
            reject(new Error(`${method} ${path} answered ${response.statusCode} and no JSON: ${text.slice(0, 200)}`));
          }
        });
      });
      call.on('timeout', () => call.destroy(new Error(`${method} ${path} was not answered within 40 s`)));
      call.on('error', reject);
      call.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  /** @throws Error for any status other than 200 and 201 */
  async expect(method: string, path: string, token: string, body?: unknown) {
    const answer = await this.call(method, path, token, body);
    if (answer.status !== 200 && answer.status !== 201)
      throw new Error(`${method} ${path} answered ${answer.status}: ${JSON.stringify(answer.body).slice(0, 300)}`);
    return answer.body;
  }
}
