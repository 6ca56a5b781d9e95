import { useQuery } from "@tanstack/react-query";
import { get, request } from "../../api/client";
import type { components } from "../../api/schema.gen";
import { useOverview } from "../../api/queries";
import { say } from "../../i18n";

type Schemas = components["schemas"];
type Lists<T> = { [K in keyof T]: NonNullable<T[K]> extends readonly (infer E)[] ? E[] : T[K] };

export type Assignment = Schemas["Assignment"];
export type Person = Lists<Schemas["PersonRow"]>;
export type RoleDef = Lists<Schemas["RoleDef"]>;
export interface RoleTable {
  roles: RoleDef[];
  permissions: Schemas["PermissionWord"][];
}
export type Unit = Lists<Schemas["Unit"]>;
export type ApiKey = Lists<Schemas["APIKey"]>;
export type SessionRow = Schemas["SessionRow"];
export type AuditPage = Lists<Schemas["AuditPage"]>;
export type AuditLine = Schemas["AuditLine"];
export type Verified = Schemas["Verified"];
export type NewUser = Schemas["NewUser"];
export type Settings = Schemas["Settings"];
export type Enrolment = Schemas["Enrolment"];

export const put = <T>(path: string, body: unknown) => request<T>("PUT", path, body);
export const remove = (path: string) => request<undefined>("DELETE", path);

export const peopleKeys = {
  people: ["people"] as const,
  roles: ["roles"] as const,
  units: ["units"] as const,
  keys: ["keys"] as const,
  sessions: (of: string) => ["sessions", of] as const,
  rules: ["sign-in"] as const,
  oidc: ["oidc"] as const,
};

export const usePeople = () =>
  useQuery({ queryKey: peopleKeys.people, queryFn: () => get<Person[]>("/api/users") });
export const useRoles = () =>
  useQuery({ queryKey: peopleKeys.roles, queryFn: () => get<RoleTable>("/api/roles") });
export const useUnits = () =>
  useQuery({ queryKey: peopleKeys.units, queryFn: () => get<Unit[]>("/api/org/units") });
export const useKeys = () =>
  useQuery({ queryKey: peopleKeys.keys, queryFn: () => get<ApiKey[]>("/api/keys") });

/** of is a user id, or "" for the own sessions. */
export const useSessions = (of: string) =>
  useQuery({
    queryKey: peopleKeys.sessions(of),
    queryFn: () => get<SessionRow[]>(of ? `/api/users/${of}/sessions` : "/api/me/sessions"),
  });

/** usePlaces lists the scopes one can choose, and names a scope. */
export function usePlaces(all: string) {
  const overview = useOverview().data;
  const community = overview?.community;
  const options = [
    { value: "all", label: all },
    ...(community ? [{ value: `community:${community.id}`, label: say(community.name) }] : []),
    ...(overview?.buildings ?? []).map((b) => ({ value: `building:${b.id}`, label: say(b.name) })),
  ];
  const name = (scope: string) => options.find((o) => o.value === scope)?.label ?? scope.replace(/^\w+:/, "");
  return { options, name };
}
