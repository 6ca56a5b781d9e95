import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [react()],
  server: { proxy: { "/api": "http://127.0.0.1:8080" } },
  build: {
    outDir: "dist",
    chunkSizeWarningLimit: 1200,
    rolldownOptions: { input: ["index.html", "m.html"] },
  },
  test: { environment: "happy-dom" },
});
