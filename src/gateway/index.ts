export { serve, type Served, type ServedRelay, type ServeOptions } from "./serve.ts";
export { serveHttp2, type Http2Gateway, type Http2GatewayOptions } from "./tcp/server.ts";
export { Budget, type BudgetStats } from "./budget/budget.ts";
export type { BudgetScope } from "./budget/bytes.ts";
export type { RoomScope } from "./budget/room.ts";
export type { BudgetLimits, BudgetRefusal } from "./budget/limits.ts";
export type { Http3App } from "./exchange/exchange.ts";
export { serveHttp3, type Http3Gateway, type Http3GatewayOptions } from "./http3/server.ts";
export {
  developmentCertificate,
  type DevelopmentCertificate,
  developmentCertificatePath,
} from "./development-certificate.ts";
export type { KeyPair } from "../files/pem.ts";
export { createCertificate, type Certificate, type CertificateOptions } from "../files/certificate.ts";
