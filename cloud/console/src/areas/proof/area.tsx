import { type Area, spoken } from "../../areas";

const page = spoken("proof", () => import("./words"));

export const area: Area = {
  pages: [{ path: "proof-tests", element: page(async () => (await import("./ProofTests")).ProofTests) }],
  nav: [
    { to: "/proof-tests", label: "nav.proofTests", permission: "fleet.read", group: "manage", order: 25 },
  ],
};
