import { type ReactNode, useEffect, useLayoutEffect, useRef, useState } from "react";

interface Box {
  top: number;
  height: number;
  width: number;
}

/**
 * VirtualRows draws only the rows that are on the screen, so that ten thousand cost as
 * much as ten. Every row has the same height, which may depend on the width.
 */
export function VirtualRows<T>(props: {
  id?: string;
  label: string;
  items: T[];
  keyOf: (item: T) => string;
  heightFor: (width: number) => number;
  /** the row that must stay in view */
  reveal?: string;
  row: (item: T, style: React.CSSProperties) => ReactNode;
  onShown?: (items: T[]) => void;
}) {
  const { items, keyOf, reveal, onShown } = props;
  const ref = useRef<HTMLDivElement>(null);
  const [box, setBox] = useState<Box>({ top: 0, height: 600, width: 800 });
  const height = props.heightFor(box.width);
  useLayoutEffect(() => {
    const el = ref.current;
    if (!el) return;
    const measure = () => setBox({ top: el.scrollTop, height: el.clientHeight, width: el.clientWidth });
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(el);
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    const el = ref.current;
    const at = reveal ? items.findIndex((x) => keyOf(x) === reveal) : -1;
    if (!el || at < 0) return;
    if (at * height < el.scrollTop) el.scrollTop = at * height;
    if ((at + 1) * height > el.scrollTop + el.clientHeight)
      el.scrollTop = (at + 1) * height - el.clientHeight;
    // Only a new choice moves the list, not a list that changes.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [reveal, height]);
  const from = Math.max(0, Math.floor(box.top / height) - 3);
  const to = Math.min(items.length, Math.ceil((box.top + box.height) / height) + 3);
  const shown = items.slice(from, to);
  const inView = items.slice(Math.floor(box.top / height), Math.ceil((box.top + box.height) / height));
  useEffect(() => onShown?.(inView));
  return (
    <div
      className="rows"
      id={props.id}
      ref={ref}
      onScroll={(e) => {
        const el = e.currentTarget;
        setBox({ top: el.scrollTop, height: el.clientHeight, width: el.clientWidth });
      }}
    >
      <ol aria-label={props.label} style={{ height: items.length * height }}>
        {shown.map((item, i) => props.row(item, { top: (from + i) * height, height }))}
      </ol>
    </div>
  );
}
