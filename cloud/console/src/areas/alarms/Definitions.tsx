import { Button, Input, Modal, Table } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate, useSearchParams } from "react-router";
import type { Severity } from "../../api/types";
import { say } from "../../i18n";
import { SeverityMark } from "../../parts/marks";
import { Page } from "../../parts/Page";
import { useSession } from "../../parts/session";
import { Empty, Loaded } from "../../parts/states";
import { type Definition, useDefinitions } from "./api";
import { respond } from "./respond";
import "./alarms.css";

/** Definitions is what every alarm means: consequence, action, time to respond, priority, owner. */
export function Definitions() {
  const { t } = useTranslation();
  const { may } = useSession();
  const [params, setParams] = useSearchParams();
  const list = useDefinitions();
  const [making, setMaking] = useState(false);
  const q = (params.get("q") ?? "").toLowerCase();
  return (
    <Page
      title={t("alarms.definitions")}
      about={t("alarms.definitionsAbout")}
      verbs={
        may("alarm.define") && (
          <Button type="primary" onClick={() => setMaking(true)}>
            {t("alarms.newDefinition")}
          </Button>
        )
      }
    >
      <Loaded query={list} lines={12}>
        {(d) => (
          <>
            {d.undefinedRules.length > 0 && (
              <section className="card unrationalised" role="alert">
                <h2>{t("alarms.notRationalised", { n: d.undefinedRules.length })}</h2>
                <p className="quiet">{t("alarms.notRationalisedAbout")}</p>
                <ul>
                  {d.undefinedRules.map((u) => (
                    <li key={u.rule}>
                      <Link to={`/definitions/${u.rule}`}>{u.rule}</Link> {say(u.title)}{" "}
                      <small className="quiet">{t("alarms.points", { n: u.points })}</small>
                    </li>
                  ))}
                </ul>
              </section>
            )}
            <div className="filters">
              <Input.Search
                allowClear
                style={{ width: 280 }}
                placeholder={t("alarms.findDefinition")}
                defaultValue={params.get("q") ?? ""}
                onSearch={(v) => setParams(v ? { q: v } : {}, { replace: true })}
              />
            </div>
            <Rows
              items={d.items.filter((x) =>
                [x.id, x.title.zh, x.title.en, x.owner.zh, x.owner.en].join(" ").toLowerCase().includes(q),
              )}
            />
          </>
        )}
      </Loaded>
      {making && <New onEnd={() => setMaking(false)} />}
    </Page>
  );
}

function Rows({ items }: { items: Definition[] }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const c = (k: string) => t(`alarms.field.${k}`);
  const open = (d: Definition) => void navigate(`/definitions/${d.id}`);
  return (
    <Table<Definition>
      rowKey={(d) => `${d.id}-${d.version}`}
      size="small"
      pagination={false}
      dataSource={items}
      locale={{ emptyText: <Empty>{t("alarms.noDefinition")}</Empty> }}
      rowClassName="clickable"
      onRow={(d) => ({ onClick: () => open(d), onKeyDown: (e) => e.key === "Enter" && open(d), tabIndex: 0 })}
      columns={[
        {
          title: c("title"),
          render: (_, d) => (
            <>
              <b>{say(d.title)}</b> <small className="quiet">{d.id}</small>
            </>
          ),
        },
        { title: c("hazard"), width: 110, render: (_, d) => t(`hazard.${d.hazard}`) },
        {
          title: c("priority"),
          width: 110,
          render: (_, d) => d.priority && <SeverityMark severity={d.priority as Severity} />,
        },
        { title: c("respond"), width: 110, render: (_, d) => respond(t, d.respond_s) },
        { title: c("owner"), width: 160, render: (_, d) => say(d.owner) },
        {
          title: c("status"),
          width: 140,
          render: (_, d) => (
            <span className={`definition ${d.status}`}>
              {t(`alarms.status.${d.status}`)} v{d.version}
            </span>
          ),
        },
      ]}
    />
  );
}

function New({ onEnd }: { onEnd: () => void }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [id, setID] = useState("");
  const good = /^[a-z][a-z0-9_-]{0,47}$/.test(id);
  return (
    <Modal
      open
      title={t("alarms.newDefinition")}
      okText={t("alarms.write")}
      cancelText={t("common.cancel")}
      okButtonProps={{ disabled: !good }}
      onCancel={onEnd}
      onOk={() => void navigate(`/definitions/${id}`)}
    >
      <p className="quiet">{t("alarms.ruleIdHelp")}</p>
      <Input
        autoFocus
        value={id}
        maxLength={48}
        placeholder="pump-fault"
        onChange={(e) => setID(e.target.value.trim())}
      />
    </Modal>
  );
}
