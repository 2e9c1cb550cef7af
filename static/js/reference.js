// Starts the API reference (static/vendor/scalar-…) on the page that names where the description is. Nothing is
// fetched from anywhere else: no fonts, no proxy, no telemetry, no assistant.
const place = document.getElementById("reference");
Scalar.createApiReference(place, {
  url: place.dataset.schema,
  withDefaultFonts: false,
  proxyUrl: "",
  telemetry: false,
  agent: { disabled: true },
  mcp: { disabled: true },
  hideClientButton: true,
  showDeveloperTools: "never",
  documentDownloadType: "direct",
  authentication: { preferredSecurityScheme: "ApiKey" },
  metaData: { title: document.title },
  customCss: `
    .light-mode { --scalar-color-2: #4a5a57; --scalar-color-3: #5a6a67; --scalar-color-accent: #0b6b53; }
    .dark-mode { --scalar-color-2: #c3d0cd; --scalar-color-3: #a9bab7; --scalar-color-accent: #63cba9; }
  `,
});
