'use strict';
const $ = id => document.getElementById(id);
const make = (tag, props = {}, ...kids) => { const e = Object.assign(document.createElement(tag), props); e.append(...kids); return e; };
let lang = localStorage.getItem('lang') || 'zh';

const words = {
  title: ['安澜 · 模拟设备', 'Anlan · simulated devices'], subtitle: ['仅用于演示、测试与演练', 'for demonstration, tests and drills only'],
  scenarios: ['场景', 'Scenarios'], building: ['3 号楼', 'Building 3'], readers: ['读卡器', 'Tag readers'], panels: ['消防主机的 CRT 口与打印口', 'Fire panels’ CRT and printer ports'], filter: ['筛选设备', 'Filter devices'],
  yes: ['是', 'yes'], no: ['否', 'no'], rest: ['静止', 'at rest'], toggle: ['切换', 'Toggle'],
  close: ['关闭', 'Close'], active: ['正在生效的故障', 'Faults in force'], values: ['当前值', 'Values'], faults: ['施加故障', 'Break it'],
  none: ['无', 'none'], clear: ['恢复', 'Restore'], clearAll: ['全部恢复', 'Restore all'], stop: ['停止', 'Stop'], set: ['设', 'Set'],
  device: ['设备', 'Device'], model: ['型号', 'Model'], id: ['站号', 'Unit'], reaction: ['响应时间', 'Reaction'], requests: ['请求', 'Requests'],
  shown: ['当前值', 'Values'], fault: ['故障', 'Faults'], answers: ['应答', 'Answers'], bad_check: ['校验错', 'Bad checks'],
  strangers: ['无此站号', 'Unknown unit'], short_silence: ['静默不足', 'Short silences'], worst: ['字节最大迟后', 'Latest byte'], late_bytes: ['迟后超一字符', 'Over a character late'],
  open: ['连接', 'Connections'], away: ['已拔出，至', 'unplugged until'], down: ['断电至', 'off until'], lineFault: ['整线故障…', 'Break the line…'], any: ['任意', 'any'],
  done: ['已执行', 'Done'], failed: ['未执行', 'Not done'], dead: ['模拟器没有回答', 'The simulator does not answer'], live: ['运行中', 'Live'],
  card: ['放卡 1 秒', 'Tap card for 1 s'], pull: ['拔出 5 秒', 'Unplug for 5 s'], tell: ['报', 'Tell'], node: ['节点', 'node'], mute: ['静默 30 秒', 'Silent for 30 s'], said: ['已报', 'told'], waiting: ['待报', 'waiting'], cardOn: ['卡片', 'card'], noCard: ['无卡', 'no card'], base: ['楼宇设定', 'by the building'],
  by: ['延迟 / 停顿', 'Delay / pause'], chance: ['概率', 'Chance'], next: ['仅前几次', 'Next n only'], for: ['持续', 'For'], code: ['异常码', 'Exception code'],
  value: ['哪个值', 'Which value'], rate: ['漂移 / 秒', 'Drift per s'], downFor: ['离线时长', 'Down for'], past: ['下一请求之后才到', 'After the next request'], all: ['全部', 'everything'],
  always: ['每次', 'always'], endless: ['直到恢复', 'no end'], left: ['剩', 'left'], struck: ['命中', 'struck'], devices: ['台设备', 'devices'], tcpdev: ['TCP 设备', 'TCP devices'], nobody: ['没有匹配的设备', 'No device matches'],
};
const kinds = {
  silent: ['不响应', 'Silent'], lost: ['已执行、应答丢失', 'Acts, answer lost'], late: ['迟到', 'Late'], duplicate: ['重复', 'Duplicate'], corrupt: ['损坏', 'Corrupt'],
  short: ['截短', 'Short'], 'noise-before': ['前有杂波', 'Noise before'], 'noise-after': ['后有杂波', 'Noise after'], echo: ['回显请求', 'Echo'],
  'wrong-unit': ['站号错', 'Wrong unit'], 'wrong-function': ['功能码错', 'Wrong function'], 'wrong-count': ['长度错', 'Wrong count'], exception: ['异常应答', 'Exception'],
  busy: ['忙（6）', 'Busy (6)'], drip: ['逐字节滴出', 'Drip'], stuck: ['值卡死', 'Stuck'], drift: ['值漂移', 'Drift'], reboot: ['重启', 'Reboot'], unplug: ['拔出', 'Unplug'], babble: ['乱发', 'Babble'],
};
const uses = { late: ['by', 'past_next'], drip: ['by'], exception: ['code'], stuck: ['value'], drift: ['value', 'rate'], reboot: ['down'], unplug: ['down'] };
const lasting = ['stuck', 'drift', 'unplug', 'babble'];
const names = {
  concentration: '浓度', smoke: '有烟', alarm: '报警', service: '需维护', fault: '故障', coil: '线圈', input: '输入', landing: '层站', speed: '速度', direction: '方向', load: '载荷', mode: '模式', car: '轿厢状态',
  hall_fire: '消防开关', node: '节点', mains: '主电', battery: '备电', loop: '回路', level: '液位/烟雾', filter: '滤网堵', low_flow: '气流低', fan: '风机', days: '运行天数', al1: '一级限', al2: '二级限', muted: '已消音',
  position: '位置', selector: '选择开关', jammed: '卡死', obstructed: '受阻', battery_low: '电池低', travel: '行程时间', safe_closed: 'ESD 关', moving: '动作中', volume: '音量', auto_off: '自动停', sounding: '鸣响',
  voltage: '电压', current: '电流', power: '功率', power_factor: '功率因数', frequency: '频率', energy: '电能', error: '错误码', blocked: '有障碍', leak: '漏水', resistance: '电阻',
};
const cards = { rdm6300: '62E3086CED', yhy522: '3D986201' }; // of others the guard's
const happenings = {
  fire: ['火警', 'fire'], fault: ['故障', 'fault'], restored: ['恢复', 'restored'], feedback: ['反馈', 'feedback'], started: ['启动', 'started'], stopped: ['停止', 'stopped'], shielded: ['屏蔽', 'shielded'], released: ['解除屏蔽', 'released'],
  reset: ['复位', 'reset'], silenced: ['消音', 'silenced'], 'mains-lost': ['主电故障', 'mains lost'], 'mains-back': ['主电恢复', 'mains back'], 'battery-lost': ['备电故障', 'battery lost'], 'battery-back': ['备电恢复', 'battery back'],
};
const ofPanel = ['reset', 'silenced', 'mains-lost', 'mains-back', 'battery-lost', 'battery-back'];
const nodeOf = { 'gst500-crt': '012034', 'gst9000-printer': '012-034', 'line-printer': '12-034' };
const cars = { 1: ['开门中', 'opening'], 2: ['开门到位', 'open'], 3: ['关门中', 'closing'], 4: ['关门到位', 'closed'], 5: ['运行', 'running'], 6: ['停止', 'stopped'] };
const modes = { 7: ['自动', 'automatic'], 5: ['故障', 'fault'], 3: ['消防返回', 'fire return'] };
const coils = [['全楼声光报警器', 'building horns'], ['3层燃气切断阀', 'gas valve 3F'], ['3层厨房排风扇', 'kitchen fan 3F'], ['3层声光', 'horn 3F'], ['电梯迫降干接点', 'lift recall']];

const pick = p => p ? p[lang === 'zh' ? 0 : 1] : '';
const t = k => pick(words[k]);
const clock = d => new Date(d).toLocaleTimeString(lang === 'zh' ? 'zh-CN' : 'en-GB');
const label = n => { if (lang !== 'zh') return n.replaceAll('_', ' '); if (names[n]) return names[n]; const m = n.match(/^(.*)_(\d+)$/); return m && names[m[1]] ? names[m[1]] + ' ' + m[2] : n; };
const round = v => Number.isInteger(v) ? String(v) : v.toFixed(Math.abs(v) < 10 ? 2 : 1);
const put = (e, text) => { if (e.textContent !== text) e.textContent = text; };

let models = {}, site = null, target = null, timer = null;

function say(where, text, hot) { where.textContent = text; where.classList.toggle('hot', !!hot); }
async function send(method, url, body, where = $('msg')) {
  try {
    const r = await fetch(url, { method, body });
    if (r.ok) { say(where, t('done') + ' ' + clock(Date.now())); } else {
      const p = await r.json().catch(() => ({ title: r.statusText }));
      say(where, t('failed') + (lang === 'zh' ? '：' : ': ') + (lang === 'zh' && p.title_zh || p.title) + (p.detail ? '\n' + p.detail : ''), true);
    }
  } catch (e) { say(where, t('dead') + ': ' + e.message, true); }
  look();
}
const step = (s, where) => send('POST', '/api/steps', JSON.stringify(s), where);

function describe(o) {
  const out = [pick(kinds[o.kind]) || o.kind];
  if (o.past_next) out.push(t('past'));
  for (const k of ['by', 'value', 'rate', 'code', 'down', 'for']) if (o[k]) out.push(k === 'value' ? label(o[k]) : k === 'rate' ? o[k] + '/s' : o[k]);
  if (o.chance !== undefined) out.push((o.chance * 100).toPrecision(3).replace(/\.?0+$/, '') + ' %');
  return out.join(' ');
}
const chip = (text, hot = true) => make('span', { className: 'chip' + (hot ? ' hot' : ''), textContent: text });
function faultsOf(u) {
  const out = u.faults.map(a => chip(describe(a.order)));
  if (u.base) out.push(chip(Object.keys(u.base).join(' ') + ' · ' + t('base')));
  if (u.down_until) out.push(chip(t('down') + ' ' + clock(u.down_until)));
  return out;
}
const isFlag = v => !!v.flag;
const text = v => isFlag(v) ? t(v.value ? 'yes' : 'no') : round(v.value) + (v.unit ? ' ' + v.unit : '');
// brief shows flags that are up by name, and the first few numbers.
function brief(values) {
  const up = values.filter(v => isFlag(v) && v.value).map(v => label(v.name));
  const numbers = values.filter(v => !isFlag(v));
  const said = [...numbers.filter(v => v.value), ...numbers.filter(v => !v.value && !/_\d+$/.test(v.name))].slice(0, 4).map(v => label(v.name) + ' ' + text(v));
  return [...up.slice(0, 6), ...said].join(' · ') || t('rest');
}

const rows = new Map(), boxes = new Map();
function rowOf(u, l) {
  let tr = rows.get(u.name);
  if (!tr) {
    tr = make('tr');
    for (let i = 0; i < 7; i++) tr.append(make('td', { className: ['w', 'w', 'n', 'w', 'n', '', ''][i] }));
    tr.cells[0].append(make('button', { className: 'link', textContent: u.name, onclick: () => open({ unit: u.name }) }));
    rows.set(u.name, tr);
  }
  put(tr.cells[1], models[u.model] ? pick(models[u.model]) : u.model);
  put(tr.cells[2], u.unit ? String(u.unit) : t('any'));
  put(tr.cells[3], u.reaction);
  put(tr.cells[4], String(u.requests));
  put(tr.cells[5], brief(u.values));
  let f = faultsOf(u);
  const more = f.length - 4;
  if (more > 0) f = [...f.slice(0, 4), chip('+ ' + more)];
  const now = f.map(c => c.textContent).join('|');
  if (tr.dataset.now !== now) { tr.dataset.now = now; tr.cells[6].replaceChildren(...f); }
  if (l && l.kind === 'tcp' && tr.cells.length === 7) put(tr.cells[3], l.address + (l.framing === 'mbap' ? '' : ' ' + l.framing) + ' · ' + u.reaction);
  tr.hidden = !matches(u, l);
  return tr;
}
const matches = (u, l) => { const q = $('filter').value.trim().toLowerCase(); return !q || [u.name, u.model, l.name, pick(models[u.model])].join(' ').toLowerCase().includes(q); };
function head(fourth) {
  return make('tr', {}, ...['device', 'model', 'id', fourth, 'requests', 'shown', 'fault'].map((k, i) => make('th', { className: i === 2 || i === 4 ? 'n' : '', textContent: t(k), scope: 'col' })));
}
function stats(l) {
  const s = l.stats, list = [['requests', s.requests], ['answers', s.answers], ['bad_check', s.bad_check, s.bad_check], ['strangers', s.strangers, s.strangers]];
  if (l.kind === 'serial') list.push(['short_silence', s.short_silence, s.short_silence], ['worst', s.worst_late_ms.toFixed(2) + ' ms'], ['late_bytes', s.late_bytes + ' / ' + s.bytes, s.late_bytes]);
  else list.push(['open', s.open]);
  return list.map(([k, v, hot]) => make('div', {}, make('dt', { textContent: t(k) }), make('dd', { textContent: v, className: hot ? 'hot' : '' })));
}
function drawLine(l) {
  let b = boxes.get(l.name);
  if (!b) {
    b = { box: make('section'), title: make('h2'), stats: make('dl', { className: 'stats' }), faults: make('div', { className: 'row' }), chips: make('span'), table: make('table') };
    b.faults.append(make('button', { onclick: () => open({ line: l.name }) }), make('button', { onclick: () => step({ line: l.name, clear: true }) }), b.chips);
    b.box.append(b.title, b.stats, b.faults, make('div', { className: 'scroll', style: 'margin-top:8px' }, b.table));
    b.table.append(make('thead'), make('tbody'));
    $('lines').append(b.box);
    boxes.set(l.name, b);
  }
  b.title.replaceChildren(l.name, make('small', { textContent: [l.mode, l.framing.toUpperCase(), l.address, l.far_end && l.far_end !== l.address ? '→ ' + l.far_end : '', l.units.length + ' ' + t('devices')].filter(Boolean).join(' · ') }));
  b.stats.replaceChildren(...stats(l));
  put(b.faults.children[0], t('lineFault')); put(b.faults.children[1], t('clear'));
  b.chips.replaceChildren(...l.faults.map(a => chip(describe(a.order))), ...(l.away_until ? [chip(t('away') + ' ' + clock(l.away_until))] : []));
  b.table.tHead.replaceChildren(head('reaction'));
  fill(b.table.tBodies[0], l.units.map(u => rowOf(u, l)));
  b.box.hidden = !l.units.some(u => matches(u, l));
}
function fill(body, list) { if (body.children.length !== list.length) body.replaceChildren(...list); }
// drawPorts shows all TCP lines with a single unit in one table.
function drawPorts(ports) {
  let b = boxes.get('\0tcp');
  if (!b) {
    b = { box: make('section'), title: make('h2'), stats: make('dl', { className: 'stats' }), table: make('table') };
    b.table.append(make('thead'), make('tbody'));
    b.box.append(b.title, b.stats, make('div', { className: 'scroll' }, b.table));
    $('lines').append(b.box);
    boxes.set('\0tcp', b);
  }
  const sum = k => ports.reduce((n, l) => n + l.stats[k], 0);
  b.title.replaceChildren(t('tcpdev'), make('small', { textContent: ports.length + ' ' + t('devices') }));
  b.stats.replaceChildren(...stats({ kind: 'tcp', stats: { requests: sum('requests'), answers: sum('answers'), bad_check: sum('bad_check'), strangers: sum('strangers'), open: sum('open') } }));
  b.table.tHead.replaceChildren(head('reaction'));
  fill(b.table.tBodies[0], ports.map(l => {
    const tr = rowOf(l.units[0], l);
    if (l.away_until || l.faults.length) { tr.dataset.now = ''; tr.cells[6].append(...l.faults.map(a => chip(describe(a.order))), ...(l.away_until ? [chip(t('away') + ' ' + clock(l.away_until))] : [])); }
    return tr;
  }));
  b.box.hidden = !ports.some(l => matches(l.units[0], l));
}
function drawReaders() {
  $('readersBox').hidden = !site.readers.length;
  for (const r of site.readers) {
    let e = boxes.get('\0r' + r.name);
    if (!e) {
      e = make('div', { className: 'row', style: 'margin:4px 0' }, make('strong', { textContent: r.name }), make('span', { className: 'quiet', textContent: r.kind + ' · ' + r.link }), make('span'),
        make('button', { onclick: () => step({ reader: r.name, card: cards[r.kind] || '04A1B2C3D4E5F6', for: '1s' }) }), make('button', { onclick: () => step({ reader: r.name, fault: { kind: 'unplug', down: '5s' } }) }));
      $('readers').append(e); boxes.set('\0r' + r.name, e);
    }
    e.children[2].className = 'chip' + (r.card || r.away_until ? ' hot' : '');
    put(e.children[2], r.away_until ? t('away') + ' ' + clock(r.away_until) : r.card ? t('cardOn') + ' ' + r.card.toUpperCase() : t('noCard'));
    put(e.children[3], t('card')); put(e.children[4], t('pull'));
  }
}

function drawPanels() {
  $('panelsBox').hidden = !site.panels.length;
  for (const p of site.panels) {
    let e = boxes.get('\0p' + p.name);
    if (!e) {
      const what = make('select', {}, ...Object.keys(happenings).map(k => make('option', { value: k })));
      const node = make('input', { value: nodeOf[p.kind] || '', size: 9 });
      what.onchange = () => { node.disabled = ofPanel.includes(what.value); };
      const tell = () => step({ panel: p.name, event: ofPanel.includes(what.value) ? { is: what.value } : { is: what.value, node: node.value.trim() } });
      e = make('div', { className: 'row', style: 'margin:4px 0' }, make('strong', { textContent: p.name }), make('span', { className: 'quiet', textContent: p.kind + ' · ' + p.link }), make('span'), node, what,
        make('button', { onclick: tell }), make('button', { onclick: () => step({ panel: p.name, fault: { kind: 'silent', for: '30s' } }) }),
        make('button', { onclick: () => step({ panel: p.name, fault: { kind: 'unplug', down: '5s' } }) }), make('button', { onclick: () => step({ panel: p.name, clear: true }) }));
      $('panels').append(e); boxes.set('\0p' + p.name, e);
    }
    const last = p.last ? p.last.split(' ') : [], told = last.length ? [pick(happenings[last[0]]) || last[0], ...last.slice(1)].join(' ') : '';
    e.children[2].replaceChildren(chip([t('said') + ' ' + p.said, told, p.waiting ? t('waiting') + ' ' + p.waiting : ''].filter(Boolean).join(' · '), false),
      ...p.faults.map(a => chip(describe(a.order))), ...(p.away_until ? [chip(t('away') + ' ' + clock(p.away_until))] : []));
    e.children[3].ariaLabel = p.name + ' ' + t('node');
    e.children[4].ariaLabel = p.name;
    for (const o of e.children[4].options) put(o, pick(happenings[o.value]));
    ['tell', 'mute', 'pull', 'clear'].forEach((k, i) => put(e.children[5 + i], t(k)));
  }
}

async function drawBuilding() {
  $('building').hidden = !site.building;
  if (!site.building) return;
  const s = await (await fetch('/api/state')).json(), yes = on => pick(on ? ['是', 'yes'] : ['否', 'no']);
  const table = (el, list) => el.replaceChildren(...list.map(([k, v, hot]) => make('tr', {}, make('td', { textContent: k }), make('td', { textContent: v, className: 'n' + (hot ? ' hot' : '') }))));
  const e = s.elevator, nodes = Object.keys(s.panel);
  table($('sensors'), [
    ...Object.entries(s.smoke).sort().map(([k, v]) => [pick(['烟感 ', 'smoke ']) + k, pick(v.alarm ? v.smoke ? ['报警（有烟）', 'alarm, smoke'] : ['报警（锁存）', 'alarm, latched'] : ['正常', 'normal']), v.alarm]),
    ...Object.entries(s.gas_lel).sort().map(([k, v]) => [pick(['燃气 ', 'gas ']) + k, v.toFixed(1) + ' %LEL', v >= 10])]);
  table($('relays'), [
    [pick(['CO 车库', 'CO garage']), s.co_ppm.toFixed(1) + ' ppm', s.co_ppm > 50],
    [pick(['电梯', 'lift']), [pick([(e.landing - 1 || 'B1') + ' 层', 'floor ' + (e.landing - 1 || 'B1')]), pick(cars[e.car]) || e.car, pick(modes[e.mode]) || e.mode, e.load.toFixed(0) + ' %'].join(' · '), e.mode === 5],
    [pick(['消防主机', 'fire panel']), nodes.length ? pick(['火警节点 ', 'fire at node ']) + nodes.join(', ') : pick(['正常', 'normal']), nodes.length],
    ...coils.map((n, i) => [i + ' ' + pick(n), pick(s.coils[i] ? ['吸合', 'on'] : ['释放', 'off']), s.coils[i]]),
    [pick(['阀门关到位 / 开到位', 'valve closed / open']), yes(s.inputs[0]) + ' / ' + yes(s.inputs[1]), s.inputs[0]],
    [pick(['网络', 'network']), s.cut_until ? pick(['断开至 ', 'cut until ']) + clock(s.cut_until) : pick(['正常', 'normal']), !!s.cut_until]]);
}

const buttons = new Map();
async function listScenarios() {
  const list = await (await fetch('/api/scenarios')).json();
  list.sort((a, b) => (b.name === 'all-clear') - (a.name === 'all-clear')); // stable: the rest stays in order
  buttons.clear();
  $('scenarios').replaceChildren(...list.map(s => {
    const b = make('button', { title: s.why || s.name, disabled: !!s.why });
    b.onclick = () => send(b.classList.contains('on') ? 'DELETE' : 'POST', '/api/scenarios/' + s.name);
    buttons.set(s.name, [b, s]);
    return b;
  }));
  drawScenarios();
}
function drawScenarios() {
  const playing = new Map((site ? site.playing : []).map(p => [p.name, p]));
  for (const [name, [b, s]] of buttons) {
    const p = playing.get(name);
    b.classList.toggle('on', !!p);
    put(b, (p ? '■ ' + t('stop') + (lang === 'zh' ? '：' : ': ') : '') + (lang === 'zh' ? s.zh : s.en));
    if (p && p.problem) b.title = p.problem;
  }
}

// The dialog: all values of a unit, and every fault.
const field = (k, props) => make('label', {}, t(k), make('input', props));
function open(to) {
  target = to;
  const name = to.unit || to.line, u = findUnit(), v = $('dvalues');
  put($('dtitle'), name); put($('dclear'), t('clear')); say($('dmsg'), '');
  $('dvaluesBox').hidden = !u;
  v.replaceChildren(...(u ? u.values : []).map(x => valueRow(x)));
  const select = make('select', { id: 'p_value' }, make('option', { value: '', textContent: t('all') }), ...(u ? u.values : []).filter(x => x.max !== undefined).map(x => make('option', { value: x.name, textContent: label(x.name) })));
  $('dparams').replaceChildren(
    field('chance', { id: 'p_chance', placeholder: t('always') + ' · 1 %' }), field('next', { id: 'p_next', type: 'number', min: 1, placeholder: t('always') }),
    field('for', { id: 'p_for', placeholder: t('endless') + ' · 30s' }), field('by', { id: 'p_by', value: '300ms' }), field('code', { id: 'p_code', type: 'number', min: 1, max: 255, value: 4 }),
    field('downFor', { id: 'p_down', value: '5s' }), make('label', {}, t('value'), select), field('rate', { id: 'p_rate', type: 'number', step: 'any', value: 0.5 }),
    make('label', { className: 'check' }, make('input', { id: 'p_past_next', type: 'checkbox' }), t('past')));
  $('dkinds').replaceChildren(...Object.keys(kinds).filter(k => u || !['stuck', 'drift'].includes(k)).map(k => make('button', { textContent: pick(kinds[k]), title: k, onclick: () => order(k) })));
  drawDialog();
  if (!$('dialog').open) $('dialog').showModal();
}
function valueRow(x) {
  const now = make('strong', { textContent: text(x), className: isFlag(x) && x.value ? 'hot' : '' });
  now.dataset.value = x.name;
  const row = make('div', {}, make('span', { textContent: label(x.name), title: x.name }), now);
  if (x.max !== undefined) {
    const input = make('input', { type: 'number', step: 'any', ariaLabel: label(x.name), placeholder: round(x.value) });
    if (Math.abs(x.min) < 1e6 && Math.abs(x.max) < 1e6) Object.assign(input, { min: x.min, max: x.max, title: x.min + ' … ' + x.max });
    const set = () => input.value !== '' && step({ unit: target.unit, set: { [x.name]: Number(input.value) } }, $('dmsg'));
    input.onkeydown = e => { if (e.key === 'Enter') set(); };
    const toggle = () => step({ unit: target.unit, set: { [x.name]: findUnit().values.find(v => v.name === x.name).value ? 0 : 1 } }, $('dmsg'));
    const last = isFlag(x) ? [make('button', { textContent: t('toggle'), ariaLabel: t('toggle') + ' ' + label(x.name), onclick: toggle })]
      : [make('span', { className: 'set' }, input, make('button', { textContent: t('set'), ariaLabel: t('set') + ' ' + label(x.name), onclick: set }))];
    row.append(...last);
  }
  return row;
}
function order(kind) {
  const o = { kind }, get = k => $('p_' + k).value.trim();
  if (!lasting.includes(kind)) { if (get('chance')) o.chance = get('chance'); if (get('next')) o.next = Number(get('next')); }
  if (get('for') && !['unplug', 'reboot'].includes(kind)) o.for = get('for');
  for (const k of uses[kind] || []) {
    if (k === 'past_next') { if ($('p_past_next').checked) o.past_next = true; } else if (get(k)) o[k] = k === 'code' || k === 'rate' ? Number(get(k)) : get(k);
  }
  if (kind === 'drift' && !o.value) o.value = $('p_value').options[1]?.value; // drift is of one value
  step({ ...target, fault: o }, $('dmsg'));
}
const lineOf = () => site.lines.find(l => target.line ? l.name === target.line : l.units.some(u => u.name === target.unit));
const findUnit = () => target && target.unit ? lineOf()?.units.find(u => u.name === target.unit) : null;
function drawDialog() {
  if (!target) return;
  const u = findUnit(), l = lineOf();
  const list = [...(u ? u.faults : []), ...(target.line || l.kind === 'tcp' || u ? l.faults : [])];
  const chips = list.map(a => chip(describe(a.order) + (lasting.includes(a.order.kind) ? '' : ' · ' + t('struck') + ' ' + a.struck) + (a.left ? ' · ' + t('left') + ' ' + a.left : '')));
  if (u && u.down_until) chips.push(chip(t('down') + ' ' + clock(u.down_until)));
  if (l.away_until) chips.push(chip(t('away') + ' ' + clock(l.away_until)));
  $('dactive').replaceChildren(...(chips.length ? chips : [make('span', { className: 'quiet', textContent: t('none') })]));
  for (const x of u ? u.values : []) { const e = $('dvalues').querySelector('[data-value="' + CSS.escape(x.name) + '"]'); if (e) { put(e, text(x)); e.classList.toggle('hot', isFlag(x) && !!x.value); } }
}

async function look() {
  clearTimeout(timer);
  try {
    site = await (await fetch('/api/site')).json();
    const ports = site.lines.filter(l => l.kind === 'tcp' && l.units.length === 1);
    site.lines.filter(l => !ports.includes(l)).forEach(drawLine);
    if (ports.length) drawPorts(ports);
    drawReaders(); drawPanels(); drawScenarios(); drawDialog();
    await drawBuilding();
    $('alive').classList.remove('hot');
    put($('alive'), t('live') + ' ' + clock(site.at));
  } catch (e) { $('alive').classList.add('hot'); put($('alive'), t('dead')); }
  timer = setTimeout(look, 1000);
}
function speak() {
  document.documentElement.lang = lang === 'zh' ? 'zh-CN' : 'en';
  document.title = t('title');
  document.querySelectorAll('[data-t]').forEach(e => put(e, t(e.dataset.t)));
  $('filter').placeholder = t('filter'); $('filter').ariaLabel = t('filter');
  $('lang').textContent = lang === 'zh' ? 'English' : '中文';
  if ($('dialog').open) open(target);
}
$('lang').onclick = () => { lang = lang === 'zh' ? 'en' : 'zh'; localStorage.setItem('lang', lang); speak(); drawScenarios(); look(); };
$('filter').oninput = () => look();
$('dclose').onclick = () => $('dialog').close();
$('dclear').onclick = () => step({ ...target, clear: true }, $('dmsg'));
$('dialog').onclose = () => { target = null; };
(async () => {
  speak();
  for (const m of await (await fetch('/api/models')).json()) models[m.name] = [m.zh, m.en];
  await listScenarios();
  await look();
  const want = new URLSearchParams(location.search).get('unit');
  if (want) open({ unit: want });
})();
