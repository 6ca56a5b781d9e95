import { Badge, Button, Segmented } from "antd";
import { useTranslation } from "react-i18next";
import { Link, useSearchParams } from "react-router";
import { useOverview } from "../../api/queries";
import { say } from "../../i18n";
import { minute } from "../../parts/format";
import { Page } from "../../parts/Page";
import { useSession } from "../../parts/session";
import { Empty, Failed, Loading } from "../../parts/states";
import { type Box, boxCount, type Item, useBox, useTodoCounts, useUsable } from "./api";
import { Due } from "./Due";
import { Waiting } from "./Waiting";
import "./work.css";

const boxes: Box[] = ["mine", "started", "copied", "done"];

/** Todos are a person's lists: what waits for them first. */
export function Todos() {
  const { t } = useTranslation();
  const [params, setParams] = useSearchParams();
  const box = boxes.find((b) => b === params.get("box")) ?? "mine";
  const list = useBox(box);
  const counts = useTodoCounts().data;
  const forms = (useUsable().data ?? []).filter((f) => (f.actions ?? []).includes("create"));
  const items = (list.data?.pages ?? []).flatMap((p) => p.items ?? []);
  return (
    <Page
      title={t("work.todos")}
      about={<Waiting />}
      verbs={
        <>
          {forms.slice(0, 3).map((f) => (
            <Link key={f.key} to={`/forms/${f.key}/new`} className="work-new">
              {say(f.title)}
            </Link>
          ))}
          <Link to="/forms" className="work-new">
            {t("work.forms")}
          </Link>
        </>
      }
    >
      <Segmented
        options={boxes.map((b) => ({
          value: b,
          label: (
            <>
              {t(`work.box.${b}`)} <span className="quiet">{boxCount(b, counts)}</span>
            </>
          ),
        }))}
        value={box}
        onChange={(b) => setParams({ box: b }, { replace: true })}
      />
      {list.data === undefined ? (
        list.error ? (
          <Failed error={list.error} retry={() => void list.refetch()} />
        ) : (
          <Loading lines={6} />
        )
      ) : items.length === 0 ? (
        <Empty>
          {t(`work.none.${box}`)}
          {box === "mine" && <Try />}
        </Empty>
      ) : (
        <ul className="work-list" id="todo-list">
          {items.map((x) => (
            <Line key={`${x.instance}/${x.task ?? 0}`} x={x} box={box} />
          ))}
        </ul>
      )}
      {list.hasNextPage && (
        <Button onClick={() => void list.fetchNextPage()} loading={list.isFetchingNextPage}>
          {t("work.more")}
        </Button>
      )}
    </Page>
  );
}

/** Try leads who may put it in to the demo community, while there is no community at all. */
function Try() {
  const { t } = useTranslation();
  const { me } = useSession();
  const bare = useOverview().data?.buildings?.length === 0;
  if (!bare || !me.reach["user.manage"]?.all) return null;
  return (
    <p>
      <Link to="/demo">{t("nav.demo")}</Link>
    </p>
  );
}

function Line({ x, box }: { x: Item; box: Box }) {
  const { t } = useTranslation();
  const late = box === "mine" && x.due_at && Date.parse(x.due_at) < Date.now();
  const handlers = (x.handlers ?? []).map((p) => p.name).join("、");
  return (
    <li className={late ? "late" : ""}>
      <Link to={x.link}>
        <span className="work-line-head">
          <strong>{x.summary || say(x.flow_title)}</strong>
          {box === "copied" && !x.read_at && <Badge status="processing" />}
          {x.round > 0 && <span className="work-tag">{t("work.round", { n: x.round + 1 })}</span>}
          <span className="work-tag">{x.node ? say(x.node_name) : t(`work.status.${x.status}`)}</span>
        </span>
        <span className="quiet">
          {say(x.flow_title)} · {t("work.from", { who: x.initiator.name })} · {minute(x.at)}
          {x.status === "running" &&
            box !== "mine" &&
            handlers &&
            ` · ${t("work.withWhom", { who: handlers })}`}
        </span>
        {x.due_at && box === "mine" && <Due at={x.due_at} />}
      </Link>
    </li>
  );
}
