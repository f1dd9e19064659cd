import type { RegistrationStats as Session } from "../../../protocol.ts";
import { byId, setText } from "../elements.ts";
import { printable } from "../printable.ts";
import { endSession, reasonOf } from "../relay-client.ts";

/** Asks for confirmation before it ends a session. */
export class Revocation {
  readonly #dialog: HTMLDialogElement = byId("revocation");
  readonly #confirm: HTMLButtonElement = byId("revocation-confirm");
  readonly #onEnded: () => void;
  #session: Session | undefined;

  /** @param onEnded called after a session has ended. */
  constructor(onEnded: () => void) {
    this.#onEnded = onEnded;
    this.#confirm.addEventListener("click", () => void this.#end());
  }

  ask(session: Session): void {
    this.#session = session;
    setText(byId("revocation-subject"), printable(session.subject));
    setText(byId("revocation-address"), session.address ?? "");
    setText(byId("revocation-problem"), "");
    this.#dialog.showModal();
  }

  async #end(): Promise<void> {
    if (!this.#session) return;
    this.#confirm.disabled = true;
    try {
      await endSession(this.#session.id);
      this.#dialog.close();
      this.#onEnded();
    } catch (error) {
      setText(byId("revocation-problem"), `It was not ended: ${reasonOf(error)}`);
    } finally {
      this.#confirm.disabled = false;
    }
  }
}
