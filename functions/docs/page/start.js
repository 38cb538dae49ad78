// A separate file, because the page's content security policy forbids inline scripts.
globalThis.SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#page',
  deepLinking: true,
  docExpansion: 'none',
  filter: true,
  defaultModelsExpandDepth: -1,
  displayRequestDuration: true,
  // Tokens are forgotten when the page closes.
  persistAuthorization: false,
  // Off: an online validator would receive the document's address.
  validatorUrl: null,
});
