import { describe, expect, it, vi } from "vitest";
import { maxOutboxBytes, outboxSettleBytes } from "../../../src/defaults.ts";
import { Outbox, type Piece } from "../../../src/gateway/outbox.ts";

/** A connection that sends and acknowledges when it is told to. */
class FakeConnection {
  bytesOut = 0;
  pings: ((error: Error | null) => void)[] = [];

  ping(onAcknowledged: (error: Error | null) => void): void {
    this.pings.push(onAcknowledged);
  }

  getMetrics(): { bytesOut: number } {
    return { bytesOut: this.bytesOut };
  }

  /** Sends so many bytes, and has the peer acknowledge them. */
  send(bytes: number): void {
    this.bytesOut += bytes;
    for (const ping of this.pings.splice(0)) ping(null);
  }
}

function piece(bytes: number): Piece & { blocked: boolean; sent: number } {
  const made = {
    bytes,
    blocked: false,
    sent: 0,
    isBlocked: () => made.blocked,
    onSent: (sent: number) => void (made.sent += sent),
  };
  return made;
}

describe("what the HTTP library has of a connection's responses", () => {
  it("is believed to be sent when the connection has sent as much and the peer acknowledges something", () => {
    const connection = new FakeConnection();
    const outbox = new Outbox(connection);
    const one = piece(1000);
    outbox.add(one);
    expect(connection.pings).toHaveLength(0);
    outbox.settle();
    expect(one.sent).toBe(0);
    connection.send(600);
    expect([one.sent, one.bytes]).toEqual([600, 400]);
    outbox.settle();
    connection.send(600);
    expect([one.sent, one.bytes]).toEqual([1000, 0]);
    outbox.settle();
    expect(connection.pings).toHaveLength(0);
  });

  it("is not believed to be sent where flow control holds it back, and keeps nobody else waiting then", async () => {
    const connection = new FakeConnection();
    const outbox = new Outbox(connection);
    const [held, other] = [piece(maxOutboxBytes), piece(1000)];
    held.blocked = true;
    outbox.add(held);
    outbox.add(other);
    await outbox.room();
    outbox.settle();
    connection.send(5000);
    expect([held.sent, other.sent]).toEqual([0, 1000]);
  });

  it("that flow control held back for a while is all believed to be sent at last", () => {
    const connection = new FakeConnection();
    const outbox = new Outbox(connection);
    const held = piece(1000);
    held.blocked = true;
    outbox.add(held);
    outbox.settle();
    connection.send(400);
    held.blocked = false;
    outbox.settle();
    connection.send(600);
    expect(held.sent).toBe(1000);
  });

  it("is asked for by itself once it is more than a little", () => {
    const connection = new FakeConnection();
    const outbox = new Outbox(connection);
    outbox.add(piece(outboxSettleBytes));
    expect(connection.pings).toHaveLength(1);
  });

  it("leaves no room for more over its limit until some of it is sent", async () => {
    const connection = new FakeConnection();
    const outbox = new Outbox(connection);
    outbox.add(piece(maxOutboxBytes));
    const hasRoom = vi.fn();
    const room = outbox.room().then(hasRoom);
    await Promise.resolve();
    expect(hasRoom).not.toHaveBeenCalled();
    connection.send(1);
    await room;
    expect(hasRoom).toHaveBeenCalled();
  });

  it("keeps nobody waiting after the connection's end", async () => {
    const outbox = new Outbox(new FakeConnection());
    outbox.add(piece(maxOutboxBytes));
    const room = outbox.room();
    outbox.close();
    await room;
    await outbox.room();
  });

  it("is what was handed over before the question, not after it", () => {
    const connection = new FakeConnection();
    const outbox = new Outbox(connection);
    const [before, after] = [piece(1000), piece(1000)];
    outbox.add(before);
    outbox.settle();
    outbox.add(after);
    connection.send(2000);
    expect([before.sent, after.sent]).toEqual([1000, 0]);
    // What came later went out with it, and is believed the next time.
    outbox.settle();
    connection.send(0);
    expect(after.sent).toBe(1000);
  });
});
