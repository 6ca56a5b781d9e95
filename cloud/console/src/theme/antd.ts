import { theme, type ThemeConfig } from "antd";
import { type Mode, tokens } from "./tokens";

/** antdTheme dresses the component library in our tokens: flat, square, still. */
export function antdTheme(mode: Mode): ThemeConfig {
  const c = tokens[mode];
  return {
    algorithm: mode === "night" ? theme.darkAlgorithm : theme.defaultAlgorithm,
    token: {
      colorPrimary: c.accent,
      colorBgBase: c.ground,
      colorBgContainer: c.panel,
      colorBgElevated: c.raised,
      colorTextBase: c.text,
      colorTextSecondary: c.quiet,
      colorTextTertiary: c.quiet,
      colorTextDescription: c.quiet,
      colorTextPlaceholder: c.quiet,
      colorBorder: c.line,
      colorBorderSecondary: c.line,
      colorError: c.critical,
      colorWarning: c.major,
      colorInfo: c.accent,
      colorSuccess: c.accent,
      colorLink: c["accent-ink"],
      borderRadius: 6,
      fontSize: 16,
      controlHeight: 36,
      controlHeightLG: 44,
      lineWidthFocus: 2,
      boxShadow: "var(--shadow)",
      boxShadowSecondary: "var(--shadow)",
      fontFamily: "var(--font)",
      motion: false,
    },
    components: {
      Button: { primaryShadow: "none", defaultShadow: "none", dangerShadow: "none", fontWeight: 500 },
      Table: {
        headerBg: c.ground,
        headerColor: c.quiet,
        headerSplitColor: "transparent",
        rowHoverBg: c.selected,
        borderColor: c.line,
        cellPaddingBlock: 10,
      },
      Form: { labelColor: c.quiet, verticalLabelPadding: "0 0 4px" },
      Drawer: { colorBgElevated: c.panel },
      Modal: { contentBg: c.panel, headerBg: c.panel },
      Input: { activeShadow: "none" },
      Select: { optionSelectedBg: c.selected },
      Tooltip: { colorBgSpotlight: c.raised, colorTextLightSolid: c.text },
      Segmented: { trackBg: c.ground, itemSelectedBg: c.raised },
      Tabs: { inkBarColor: c.accent, itemColor: c.quiet },
    },
  };
}
