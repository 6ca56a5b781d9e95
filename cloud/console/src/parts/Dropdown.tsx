export { Dropdown } from "antd"; // apart, so that it can be loaded by itself
