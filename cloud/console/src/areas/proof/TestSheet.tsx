import { App, Button, Drawer } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { post } from "../../api/client";
import { say } from "../../i18n";
import { dateTime, day } from "../../parts/format";
import { useSession } from "../../parts/session";
import { Empty, Loaded, useProblemText } from "../../parts/states";
import { type DueTest, keyOf, type Test, useHistory, useTold } from "./api";
import { Distance } from "./ProofTests";

/** TestSheet is one device: when it is due, and every test there was. */
export function TestSheet(props: { device: DueTest; place: string; note: () => void; close: () => void }) {
  const { device: d } = props;
  const { t } = useTranslation();
  const { may } = useSession();
  return (
    <Drawer open size={520} onClose={props.close} title={say(d.name) || d.device}>
      <p>{props.place}</p>
      <p className="quiet">
        {d.model || d.profile} · {d.edge}/{d.device}
      </p>
      <p>
        {t("proof.due")} {day(d.due_at)} <Distance due={d.due_at} state={d.state} />
        <br />
        <span className="quiet">{t("proof.every", { days: d.days, grace: d.grace_days })}</span>
      </p>
      <div className="verbs">
        {may("alarm.out_of_service") && (
          <Button type="primary" onClick={props.note}>
            {t("proof.note")}
          </Button>
        )}
        {d.hazard && (
          <Link className="ant-btn ant-btn-default" to={`/forms/${d.form}/records/${d.hazard}`}>
            {t("proof.openHazard")}
          </Link>
        )}
      </div>
      <h3 className="proof-heading">{t("proof.history")}</h3>
      <Loaded query={useHistory(keyOf(d))} lines={4}>
        {(list) =>
          list.length === 0 ? (
            <Empty>{t("proof.noHistory")}</Empty>
          ) : (
            <ol className="proof-history">
              {list.map((x) => (
                <Past key={x.at + (x.alarm ?? "")} test={x} device={keyOf(d)} />
              ))}
            </ol>
          )
        }
      </Loaded>
    </Drawer>
  );
}

function Past({ test, device }: { test: Test; device: string }) {
  const { t } = useTranslation();
  const { may } = useSession();
  const { message, modal } = App.useApp();
  const words = useProblemText();
  const told = useTold();
  const withdraw = () =>
    modal.confirm({
      title: t("proof.withdrawAsk"),
      content: t("proof.withdrawAbout"),
      okText: t("proof.withdraw"),
      cancelText: t("proof.cancel"),
      onOk: async () => {
        try {
          await post(`/api/devices/${device}/tests/withdraw`, { at: test.at });
          void message.success(t("proof.withdrawn"));
        } catch (e) {
          void message.error(words(e));
        }
        await told();
      },
    });
  return (
    <li>
      <time>
        {day(test.at)} {dateTime(test.at).slice(-8, -3)}
      </time>
      <div>
        {test.alarm ? <Link to={`/alarms/${test.alarm}`}>{t("proof.rung")}</Link> : test.note || "—"}
        {test.by_name && <div className="quiet">{test.by_name}</div>}
      </div>
      {!test.alarm && may("alarm.out_of_service") && (
        <Button size="small" type="text" onClick={withdraw}>
          {t("proof.withdraw")}
        </Button>
      )}
    </li>
  );
}
