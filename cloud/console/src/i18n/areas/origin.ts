export const zh = {
  hazards: "隐患",
  alarms: "来源报警",
  open: "转隐患",
  opened: "已转隐患：{{no}}",
  already: "已有未闭环的隐患：{{no}}",
  alreadyElsewhere: "这条报警已有未闭环的隐患，但您无权查看",
  none: "这条报警还没有转隐患",
  byRule: "设备自动上报",
  byPerson: "{{who}} 转入",
};

export const en: typeof zh = {
  hazards: "Hazards",
  alarms: "From alarms",
  open: "Open a hazard",
  opened: "Hazard opened: {{no}}",
  already: "There is an open hazard already: {{no}}",
  alreadyElsewhere: "This alarm has an open hazard already, which is not open to you",
  none: "No hazard has come from this alarm",
  byRule: "reported by the device",
  byPerson: "opened by {{who}}",
};
