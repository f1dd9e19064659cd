export { type AssetFile, assetFiles, openAsset } from "./assets.ts";
export { isSameOrigin, securityHeaders, sessionCookie, tokenOfCookie } from "./browser-security.ts";
export { consolePage, signInPage } from "./pages.ts";
