import { useTranslation } from "react-i18next";
import { Page } from "../../parts/Page";
import { useSession } from "../../parts/session";
import { PasswordForm } from "../../pages/Password";
import { Parts } from "./People";
import "./people.css";
import { SecondFactor } from "./SecondFactor";
import { Sessions } from "./Sessions";

/** Account is what people do with their own account. */
export function Account() {
  const { t } = useTranslation();
  const { me, may } = useSession();
  return (
    <Page title={t("people.account.title")} about={t("people.account.about")}>
      <div className="cards">
        <section className="panel-box">
          <h3>
            {me.name} <span className="quiet">{me.username}</span>
          </h3>
          {may("user.manage") && <Parts person={{ assignments: me.assignments ?? [] }} />}
          <h3 className="gap">{t("people.account.sessions")}</h3>
          <Sessions of="" />
        </section>
        <section className="panel-box">
          <h3>{t("people.account.password")}</h3>
          {me.has_password ? <PasswordForm /> : <p className="quiet">{t("people.account.outside")}</p>}
        </section>
        {me.has_password && (
          <section className="panel-box">
            <SecondFactor />
          </section>
        )}
      </div>
    </Page>
  );
}
