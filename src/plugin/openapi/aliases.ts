import { paths, scopes } from "../../protocol.ts";
import { needs } from "./answers.ts";
import {
  endRegistration,
  id,
  listRegistrations,
  messageStatus,
  type Operation,
  type Paths,
  recall,
  receive,
  recipient,
  take,
} from "./operations.ts";

/** Returns the operation as an alias for older peers. `path` is its current path. */
function before(operation: Operation, path: string): Operation {
  const operationId = `${operation.operationId}Before`;
  return { ...operation, operationId, summary: `${operation.summary} Better: ${path}.`, deprecated: true };
}

/** Operations at the paths that older peers use. */
export const aliases: Paths = {
  [paths.register]: {
    get: before(listRegistrations, paths.registrations),
  },
  [`${paths.register}/{id}`]: {
    parameters: [id],
    delete: before(
      {
        ...endRegistration,
        summary: "Ends one of the caller's registrations at once.",
        security: needs(scopes.register),
      },
      `${paths.registrations}/{id}`,
    ),
  },
  [paths.mailbox]: { get: before(receive, paths.messages) },
  [`${paths.mailbox}/{id}/take`]: {
    parameters: [id],
    post: before(take, `${paths.messages}/{id}/take`),
  },
  [`${paths.mailbox}/{recipient}/{id}`]: {
    parameters: [recipient, id],
    get: before(messageStatus, `${paths.messages}/{id}`),
    delete: before(recall, `${paths.messages}/{id}`),
  },
};
