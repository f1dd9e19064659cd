export { type AdminClient, openAdminClient } from "./admin-client.ts";
