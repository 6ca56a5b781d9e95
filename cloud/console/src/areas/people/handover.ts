export const zh = {
  title: "待办交接",
  none: "没有流程在等他处理。",
  waits: "{{n}} 个进行中的流程在等他处理，或将会轮到他。",
  to: "交给谁（不选则按各环节的备用处理人）",
  go: "交接",
  ask: "把 {{n}} 个流程里等 {{from}} 的事都交给{{to}}？",
  fallback: "各环节的备用处理人",
  about: "每个流程的记录里都会写明，不能一次撤回。",
  done: "已交接 {{n}} 个流程",
  cancel: "取消",
};

export const en: typeof zh = {
  title: "Hand over to-dos",
  none: "No flow waits for them.",
  waits: "{{n}} running flows wait for them, or will.",
  to: "To whom (nobody: whoever each step falls back to)",
  go: "Hand over",
  ask: "Hand over everything that waits for {{from}} in {{n}} flows to {{to}}?",
  fallback: "whoever each step falls back to",
  about: "It is written in the record of each flow and cannot be taken back at once.",
  done: "{{n}} flows handed over",
  cancel: "Cancel",
};
