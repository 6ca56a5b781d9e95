import { Button } from "antd";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Problem } from "../api/client";

/** Loading is a skeleton of lines; nothing spins over a whole page. */
export function Loading({ lines = 4 }: { lines?: number }) {
  const { t } = useTranslation();
  return (
    <div className="skeleton" role="status" aria-label={t("common.loading")}>
      {Array.from({ length: lines }, (_, i) => (
        <div key={i} style={{ width: `${90 - (i % 3) * 18}%` }} />
      ))}
    </div>
  );
}

/** Failed says what went wrong in the server's words and offers to try again. */
export function Failed({ error, retry }: { error: unknown; retry?: () => void }) {
  const { t } = useTranslation();
  return (
    <div className="failed" role="alert">
      <strong>{t("common.failed")}</strong>
      <p>{useProblemText()(error)}</p>
      {retry && <Button onClick={retry}>{t("common.retry")}</Button>}
    </div>
  );
}

/** useProblemText turns any error into words for people. */
export function useProblemText() {
  const { t } = useTranslation();
  return (error: unknown): string => {
    if (error instanceof Problem) {
      if (error.status === 0) return t("common.unreachable");
      if (error.status === 403) return error.detail || t("common.forbidden");
      return [error.detail, ...error.errors.map((e) => e.message)].filter(Boolean).join(" · ");
    }
    return error instanceof Error ? error.message : String(error);
  };
}

export function Empty({ children }: { children: ReactNode }) {
  return <div className="empty">{children}</div>;
}

interface Query<T> {
  data: T | undefined;
  error: unknown;
  refetch: () => unknown;
}

/** Loaded shows a query's skeleton, error or content; old content stays while newer is fetched. */
export function Loaded<T>({
  query,
  lines,
  children,
}: {
  query: Query<T>;
  lines?: number;
  children: (data: T) => ReactNode;
}) {
  if (query.data !== undefined) return <>{children(query.data)}</>;
  if (query.error) return <Failed error={query.error} retry={() => void query.refetch()} />;
  return <Loading lines={lines} />;
}
