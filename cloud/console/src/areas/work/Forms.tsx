import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { say } from "../../i18n";
import { Page } from "../../parts/Page";
import { Empty, Loaded } from "../../parts/states";
import { useUsable } from "./api";
import "./work.css";

/** Forms is every form one may fill in or read. */
export function Forms() {
  const { t } = useTranslation();
  return (
    <Page title={t("work.forms")}>
      <Loaded query={useUsable()}>
        {(list) =>
          list.length === 0 ? (
            <Empty>{t("work.noForms")}</Empty>
          ) : (
            <ul className="work-forms" id="forms">
              {list.map((f) => (
                <li key={f.key} data-form={f.key}>
                  <strong>{say(f.title)}</strong>
                  <span>
                    {f.actions?.includes("create") && (
                      <Link to={`/forms/${f.key}/new`}>{t("work.fillIn")}</Link>
                    )}
                    <Link to={`/forms/${f.key}`}>{t("work.records")}</Link>
                  </span>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </Page>
  );
}
