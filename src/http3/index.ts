export { http3Code, type Http3Fault } from "./fault.ts";
export type { Fields } from "./fields.ts";
export { type RequestHandler, RequestReader } from "./request-reader.ts";
export { dataFrameHead, goAwayFrame, headersFrame, settingsStream } from "./response-frames.ts";
export { UniStreams } from "./uni-streams.ts";
