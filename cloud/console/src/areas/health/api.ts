import { useQuery } from "@tanstack/react-query";
import { get } from "../../api/client";
import type { components } from "../../api/schema.gen";

type Schemas = components["schemas"];

export type Report = Schemas["ClockReport"];
export type Stage = Schemas["ClockStage"];
export type Judged = Schemas["ClockJudged"];
export type Slow = Schemas["ClockSlow"];
export type Availability = Schemas["ClockAvailability"];
export type Chain = Schemas["ClockChain"];
export type Chains = Schemas["ClockLogsVerified"];
export type Supervision = Schemas["Supervision"];
export type Check = Schemas["HealthCheck"];
export type Month = Schemas["MonthReport"];
export type AlarmRef = Schemas["AlarmRef"];

/** useClocks asks again every minute; what was known stays on the screen meanwhile. */
export const useClocks = (from: string, to: string, kind: string) =>
  useQuery({
    queryKey: ["health-clocks", from, to, kind],
    queryFn: () =>
      get<Report>(
        `/api/health/clocks?from=${encodeURIComponent(from)}&to=${encodeURIComponent(to)}&class=${kind}`,
      ),
    refetchInterval: 60_000,
  });

export const useSupervision = () =>
  useQuery({
    queryKey: ["health-supervision"],
    queryFn: () => get<Supervision>("/api/health/supervision"),
    refetchInterval: 10_000,
  });

export const monthKey = (month: string) => ["health-month", month] as const;

export const useMonth = (month: string) =>
  useQuery({ queryKey: monthKey(month), queryFn: () => get<Month>(`/api/health/month?month=${month}`) });
