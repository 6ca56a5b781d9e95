import { useQueryClient } from "@tanstack/react-query";
import { Button, Drawer, Form, Input } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { post } from "../../api/client";
import { type Assignment, type NewUser, peopleKeys } from "./api";
import { AssignmentsEditor } from "./AssignmentsEditor";
import { ShownOnce, useSubmit } from "./forms";

interface Fields {
  name: string;
  username: string;
  phone?: string;
  employee_no?: string;
  assignments: Assignment[];
}

/** NewPerson makes an account and shows its first password once. */
export function NewPerson({ close }: { close: (id?: string) => void }) {
  const { t } = useTranslation();
  const [form] = Form.useForm<Fields>();
  const { busy, submit } = useSubmit(form);
  const cache = useQueryClient();
  const [made, setMade] = useState<NewUser>();
  const save = (v: Fields) =>
    submit(async () => {
      setMade(await post<NewUser>("/api/users", v));
      await cache.invalidateQueries({ queryKey: peopleKeys.people });
    });
  const required = [{ required: true, message: t("people.required") }];
  return (
    <Drawer open title={t("people.list.add")} size={560} onClose={() => close()}>
      <Form
        form={form}
        layout="vertical"
        requiredMark={false}
        onFinish={(v) => void save(v)}
        initialValues={{ assignments: [{ role: "operator", scope: "all" }] }}
      >
        <div className="two">
          <Form.Item name="name" label={t("people.list.name")} rules={required}>
            <Input autoFocus autoComplete="off" />
          </Form.Item>
          <Form.Item name="username" label={t("people.list.username")} rules={required}>
            <Input autoComplete="off" />
          </Form.Item>
          <Form.Item name="phone" label={t("people.list.phone")}>
            <Input autoComplete="off" />
          </Form.Item>
          <Form.Item name="employee_no" label={t("people.list.no")}>
            <Input autoComplete="off" />
          </Form.Item>
        </div>
        <Form.Item name="assignments" label={t("people.sheet.parts")}>
          <AssignmentsEditor />
        </Form.Item>
        <Button type="primary" htmlType="submit" loading={busy}>
          {t("people.list.add")}
        </Button>
      </Form>
      {made && (
        <ShownOnce
          title={t("people.sheet.newPassword", { name: made.user.name })}
          lines={[made.user.username, made.password]}
          close={() => close(made.user.id)}
        />
      )}
    </Drawer>
  );
}
