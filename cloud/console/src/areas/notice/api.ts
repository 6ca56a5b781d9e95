import { useQuery } from "@tanstack/react-query";
import { get } from "../../api/client";
import type { components } from "../../api/schema.gen";

type Schemas = components["schemas"];
export type Notice = Schemas["NoticeNotice"];
export type Count = Schemas["NoticeCount"];
export interface NoticePage {
  items: Notice[];
  next: string;
}

export const noticeKeys = {
  all: ["notices"] as const,
  count: ["notices", "count"] as const,
  latest: ["notices", "latest"] as const,
  list: (unread: boolean) => ["notices", "list", unread] as const,
};

/** useNoticeCount is pushed; asking is only for when the stream is cut. */
export const useNoticeCount = () =>
  useQuery({
    queryKey: noticeKeys.count,
    queryFn: () => get<Count>("/api/notices/count"),
    refetchInterval: 60_000,
  });
