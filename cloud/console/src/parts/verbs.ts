import { App } from "antd";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { post } from "../api/client";
import { keys } from "../api/queries";
import type { Alarm, AlarmList, Incident, IncidentDetail } from "../api/types";
import { useLive } from "../live/context";
import { upsert } from "../live/open";
import { useProblemText } from "./states";

/** useAlarmVerbs are the acts on an alarm; each reports its failure in words. */
export function useAlarmVerbs() {
  const cache = useQueryClient();
  const { message } = App.useApp();
  const { t } = useTranslation();
  const text = useProblemText();
  const { seat } = useLive();
  const failed = (error: unknown) => {
    void message.error(text(error), 6);
    void cache.invalidateQueries({ queryKey: keys.open });
  };
  const store = (alarm: Alarm) => {
    cache.setQueryData<AlarmList>(keys.open, (l) => l && upsert(l, alarm));
    void cache.invalidateQueries({ queryKey: keys.alarm(alarm.id) });
    void cache.invalidateQueries({ queryKey: keys.overview });
  };
  const path = (a: Alarm, verb: string) => `/api/alarms/${a.id}/${verb}`;
  const acknowledge = useMutation({
    mutationFn: ({ alarm, note }: { alarm: Alarm; note: string }) =>
      post<Alarm>(path(alarm, "acknowledge"), { note, version: alarm.version, seat: seat.id }),
    onSuccess: store,
    onError: failed,
  });
  const mute = useMutation({
    mutationFn: (alarm: Alarm) => post<Alarm>(path(alarm, "mute")),
    onSuccess: store,
    onError: failed,
  });
  const reset = useMutation({
    mutationFn: (alarm: Alarm) => post<unknown>(path(alarm, "reset")),
    onSuccess: () => void message.info(t("alarm.resetAsked")),
    onError: failed,
  });
  const judge = useMutation({
    mutationFn: ({ alarm, verb, note }: { alarm: Alarm; verb: "confirm" | "false-alarm"; note: string }) =>
      post<Alarm>(path(alarm, verb), { note }),
    onSuccess: store,
    onError: failed,
  });
  return { acknowledge, mute, reset, judge };
}

/** useIncidentVerbs are the acts in an incident; the server answers each with the whole. */
export function useIncidentVerbs(id: string) {
  const cache = useQueryClient();
  const { message } = App.useApp();
  const text = useProblemText();
  return useMutation({
    mutationFn: ({ path, body }: { path: string; body?: unknown }) =>
      post<IncidentDetail>(`/api/incidents/${id}/${path}`, body),
    onSuccess: (d) => cache.setQueryData(keys.incident(id), d),
    onError: (e) => {
      void message.error(text(e), 6);
      void cache.invalidateQueries({ queryKey: keys.incident(id) });
    },
  });
}

export interface LaunchRequest {
  plan: string;
  building: string;
  place?: unknown;
  alarm?: string;
  drill?: boolean;
  note?: string;
}

export function useLaunch(onLaunched: (i: Incident) => void) {
  const cache = useQueryClient();
  const { message } = App.useApp();
  const text = useProblemText();
  return useMutation({
    mutationFn: (r: LaunchRequest) => post<Incident>("/api/incidents", r),
    onSuccess: (i) => {
      void cache.invalidateQueries({ queryKey: ["incidents"] });
      void cache.invalidateQueries({ queryKey: keys.open });
      onLaunched(i);
    },
    onError: (e) => void message.error(text(e), 6),
  });
}
