/** A dial that waits in the mailbox, as {@link PeerOptions.accepts} judges it. */
export interface WaitingDial {
  /** The dialer's name, which its token proves to the relay. */
  readonly sender: string;
  /** The dialer's `note`, which anyone may write; `null` if it gave none. */
  readonly note: string | null;
}
