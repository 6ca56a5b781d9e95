import { useTranslation } from "react-i18next";
import { useDirectory } from "../areas/work/api";
import { say } from "../i18n";
import { type Asked, choose, type Chosen, controlOf } from "./chosen";
import { PeoplePicker } from "./Pickers";

/** Choose asks who handles later nodes, where the flow leaves that to whoever submits. */
export function Choose({
  nodes,
  chosen,
  set,
  bad,
}: {
  nodes: Asked[];
  chosen: Chosen;
  set: (c: Chosen) => void;
  bad: string[];
}) {
  const { t } = useTranslation();
  const people = useDirectory().data?.people ?? [];
  return (
    <>
      {nodes.map((n) => {
        const field = controlOf(n, (name) => t("work.chooseFor", { node: say(name) }));
        const wrong = bad.includes(field.key);
        return (
          <section key={n.node} className={wrong ? "p-field bad" : "p-field"} data-control={field.key}>
            <label htmlFor={field.key}>
              {say(field.label)} <b>*</b>
            </label>
            <PeoplePicker
              field={field}
              id={field.key}
              value={chosen[n.node]?.map((p) => p.id)}
              set={(ids) => set(choose(chosen, n.node, ids, people))}
            />
            {wrong && (
              <p className="p-wrong" role="alert">
                {t("phone.must")}
              </p>
            )}
          </section>
        );
      })}
    </>
  );
}
