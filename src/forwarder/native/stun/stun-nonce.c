#include "stun-nonce.h"

/** The nonce cookie with its security features, as JavaScript writes it (RFC 8489 section 9.2). */
static const char COOKIE[] = "obMatJos2gAAA";

enum {
  COOKIE_BYTES = sizeof COOKIE - 1,
  TICK_BYTES = 6,
  TICKS_PER_MS = 64,
  BODY_BYTES = TICK_BYTES + QP_NONCE_MAC_BYTES,
  TEXT_BYTES = COOKIE_BYTES + BODY_BYTES / 3 * 4,
};

void qp_stun_nonce_sign(const struct qp_stun_nonces *nonces, uint64_t tick, const struct qp_path *path,
                        uint8_t mac[QP_NONCE_MAC_BYTES])
{
  uint64_t words[6] = { tick }, signature[2];
  memcpy(words + 1, path, sizeof *path);
  qp_siphash_mac(&nonces->key, words, 6, signature);
  memcpy(mac, signature, QP_NONCE_MAC_BYTES);
}

/** Returns the value of a base64url digit (RFC 4648 section 5), or 64 for any other byte. */
static uint32_t digit_of(uint8_t byte)
{
  if (byte >= 'A' && byte <= 'Z')
    return byte - 'A';
  if (byte >= 'a' && byte <= 'z')
    return 26 + byte - 'a';
  if (byte >= '0' && byte <= '9')
    return 52 + byte - '0';
  return byte == '-' ? 62 : byte == '_' ? 63 : 64;
}

/** Decodes groups of four digits into three bytes each; false for any other byte. */
static bool decode(const uint8_t *text, uint8_t *bytes, size_t count)
{
  uint32_t wrong = 0;
  for (size_t i = 0; i < count; i += 3, text += 4) {
    uint32_t a = digit_of(text[0]), b = digit_of(text[1]), c = digit_of(text[2]), d = digit_of(text[3]);
    uint32_t group = a << 18 | b << 12 | c << 6 | d;
    wrong |= (a | b | c | d) & 64;
    for (int k = 0; k < 3; k++)
      bytes[i + k] = (uint8_t)(group >> (16 - 8 * k));
  }
  return wrong == 0;
}

/** Compares in constant time. */
static bool is_same_mac(const uint8_t *a, const uint8_t *b)
{
  uint8_t difference = 0;
  for (int i = 0; i < QP_NONCE_MAC_BYTES; i++)
    difference |= a[i] ^ b[i];
  return difference == 0;
}

bool qp_stun_nonce_is_good(const struct qp_stun_nonces *nonces, const uint8_t *text, size_t length,
                           const struct qp_path *path, int64_t now_ms)
{
  uint8_t body[BODY_BYTES], mac[QP_NONCE_MAC_BYTES];
  uint64_t tick = 0;
  if (length != TEXT_BYTES || memcmp(text, COOKIE, COOKIE_BYTES) != 0 || !decode(text + COOKIE_BYTES, body, BODY_BYTES))
    return false;
  for (int i = 0; i < TICK_BYTES; i++)
    tick = tick << 8 | body[i];
  if (now_ms - (int64_t)(tick / TICKS_PER_MS) >= nonces->life_ms)
    return false;
  qp_stun_nonce_sign(nonces, tick, path, mac);
  return is_same_mac(body + TICK_BYTES, mac);
}
