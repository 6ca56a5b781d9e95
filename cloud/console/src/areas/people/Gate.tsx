import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { request } from "../../api/client";
import { PasswordForm } from "../../pages/Password";
import { useSession } from "../../parts/session";
import "./people.css";
import { SecondFactor } from "./SecondFactor";

/** Gate stands before everything for who must first choose a password or enrol a second factor. */
export function Gate() {
  const { t } = useTranslation();
  const { me } = useSession();
  const out = async () => {
    await request("DELETE", "/api/session").catch(() => undefined);
    location.assign("/");
  };
  return (
    <main className="gate">
      <div className="panel-box">
        <h1>
          <img src="/icon.svg" alt="" width={36} height={36} /> {me.name}
        </h1>
        <p className="gap-below">
          {t(me.must_change_password ? "people.gate.password" : "people.gate.totp")}
        </p>
        {me.must_change_password ? <PasswordForm /> : <SecondFactor />}
        <Button type="link" onClick={() => void out()}>
          {t("people.gate.out")}
        </Button>
      </div>
    </main>
  );
}
