import { describe, expect, it } from "vitest";
import { type Certificate, certificateState, type Token, tokenState } from "./queries";

const now = Date.parse("2026-11-23T00:00:00Z");
const day = 86_400_000;
const iso = (days: number) => new Date(now + days * day).toISOString();

describe("tokenState", () => {
  const token = (over: Partial<Token>) => ({ expires_at: iso(1), ...over }) as Token;
  it("is waiting only while it can still be used", () => {
    expect(tokenState(token({}), now)).toBe("waiting");
    expect(tokenState(token({ expires_at: iso(0) }), now)).toBe("expired");
    expect(tokenState(token({ used_at: iso(-1) }), now)).toBe("used");
    expect(tokenState(token({ used_at: iso(-3), expires_at: iso(-2) }), now)).toBe("used");
    expect(tokenState(token({ revoked_at: iso(-1) }), now)).toBe("revoked");
  });
});

describe("certificateState", () => {
  const cert = (over: Partial<Certificate>) => ({ not_after: iso(300), ...over }) as Certificate;
  it("warns 60 days before the end", () => {
    expect(certificateState(cert({}), now)).toBe("valid");
    expect(certificateState(cert({ not_after: iso(59) }), now)).toBe("ending");
    expect(certificateState(cert({ not_after: iso(0) }), now)).toBe("expired");
    expect(certificateState(cert({ revoked_at: iso(-1) }), now)).toBe("revoked");
  });
});
