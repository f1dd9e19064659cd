// Checks the network of its host, and prints the report as JSON.
import { checkNetwork } from "../../../../src/peer/index.ts";

const { RELAY, RELAY_CA, TOKEN } = process.env;
const report = await checkNetwork({ relay: RELAY!, relayCa: RELAY_CA!, token: TOKEN! });
process.stdout.write(`${JSON.stringify(report)}\n`);
