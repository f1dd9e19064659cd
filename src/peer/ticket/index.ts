export { openTicket } from "./open-ticket.ts";
export { decodeTicket, isTicket, maxTicketLength } from "./ticket.ts";
