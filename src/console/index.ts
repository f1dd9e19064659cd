export { type AssetFile, assetFiles, openAsset } from "./assets.ts";
export { isSameOrigin, securityHeaders } from "./browser-security.ts";
export { consolePage, signInPage } from "./pages.ts";
export { sessionCookie, tokenOfCookie } from "./session-cookie.ts";
