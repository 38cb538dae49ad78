// A file of its own, since the page's content security policy allows no script within it.
globalThis.SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#page',
  deepLinking: true,
  docExpansion: 'none',
  filter: true,
  defaultModelsExpandDepth: -1,
  displayRequestDuration: true,
  // Tokens are forgotten with the page.
  persistAuthorization: false,
  // A validator on the internet would be sent the document's address.
  validatorUrl: null,
});
