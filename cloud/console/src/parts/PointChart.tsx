import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { usePoint, useSeries } from "../api/queries";
import { Empty, Loaded, Loading } from "./states";

const Chart = lazy(() => import("./Chart"));

/** PointChart draws one point over time; the drawing library is fetched only when a chart is shown. */
export function PointChart({
  edge,
  point,
  hours,
  height,
}: {
  edge: string;
  point: string;
  hours: number;
  height: number;
}) {
  const { t } = useTranslation();
  const detail = usePoint(edge, point);
  const series = useSeries(edge, point, hours);
  return (
    <Loaded query={series} lines={5}>
      {(s) =>
        s.buckets.length === 0 ? (
          <Empty>{t("point.empty")}</Empty>
        ) : (
          <Suspense fallback={<Loading lines={5} />}>
            <Chart
              series={s}
              rules={detail.data?.point.rules ?? []}
              words={detail.data?.point.enum}
              height={height}
              hours={hours}
            />
          </Suspense>
        )
      }
    </Loaded>
  );
}
