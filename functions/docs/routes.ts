import * as z from 'zod';
import type { Route, Routes } from '../shared/route.ts';

/** The description of the API is public; its data are not. */
const open = { method: 'GET', access: 'open', scope: 'none' } as const satisfies Partial<Route>;

/** The API's description, for programs and people (protocol 5). Its own Lambda: /health does not wait for its files. */
export const docsRoutes = {
  document: {
    ...open,
    id: 'X31',
    path: '/openapi.json',
    summary: 'The OpenAPI 3.1 document of this API',
    response: z.looseObject({ openapi: z.literal('3.1.0') }),
  },
  page: {
    ...open,
    id: 'X32',
    path: '/docs',
    summary: 'A page that shows the document and sends requests with the token you enter',
    contentType: 'text/html',
    response: z.string(),
  },
  file: {
    ...open,
    id: 'X33',
    path: '/docs/{file}',
    summary: 'A file that the page needs',
    params: z.object({ file: z.string() }),
    contentType: '*/*',
    response: z.string(),
    errors: ['not_found'],
  },
} satisfies Routes;
