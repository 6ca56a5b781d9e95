import { Button, Input, Modal, Slider } from "antd";
import { useState, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { language } from "../i18n";
import { useLive } from "../live/context";
import { seatName } from "../live/seat";
import { volumeFloor } from "../sound/player";
import { priorities } from "../theme/tokens";

/** SoundSheet is where one hears what this seat will sound like, and names the seat. */
export function SoundSheet({ open, close }: { open: boolean; close: () => void }) {
  const { t } = useTranslation();
  const { player, seat } = useLive();
  const state = useSyncExternalStore(player.subscribe, player.state);
  const [volume, setVolume] = useState(player.volume);
  const [name, setName] = useState(seatName);
  const voice = player.voice(language());
  const save = () => {
    if (name.trim() && name.trim() !== seatName()) seat.rename(name);
    close();
  };
  return (
    <Modal
      open={open}
      onCancel={save}
      onOk={save}
      title={t("desk.sound.title")}
      okText={t("common.ok")}
      cancelButtonProps={{ style: { display: "none" } }}
    >
      <div className="sound-sheet" id="sound-sheet">
        <p>{t(`desk.sound.${state}`)}</p>
        <ul>
          {priorities.map((p) => (
            <li key={p}>
              <Button onClick={() => player.once(p)}>{t(`severity.${p}`)}</Button>
            </li>
          ))}
        </ul>
        <label>
          {t("desk.sound.volume")}
          <Slider
            min={volumeFloor * 100}
            max={100}
            value={Math.round(volume * 100)}
            onChange={(v) => {
              player.volume = v / 100;
              setVolume(v / 100);
            }}
            onChangeComplete={() => player.once("minor")}
          />
          <small className="quiet">{t("desk.sound.floor")}</small>
        </label>
        <p data-voice={voice}>{t(voice ? "desk.sound.voice" : "desk.sound.noVoice")}</p>
        <label>
          {t("desk.sound.seat")}
          <Input
            value={name}
            maxLength={40}
            placeholder={t("desk.sound.seatHint")}
            onChange={(e) => setName(e.target.value)}
          />
        </label>
      </div>
    </Modal>
  );
}
