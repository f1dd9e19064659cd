export { openTicket } from "./open-ticket.ts";
export { isTicket, maxTicketLength } from "./ticket.ts";
