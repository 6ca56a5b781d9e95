import type { ReactNode } from "react";

/** Page is the frame of every page that is not the console: title, what it is about, its verbs, its content. */
export function Page({
  title,
  about,
  verbs,
  children,
}: {
  title: ReactNode;
  about?: ReactNode;
  verbs?: ReactNode;
  children: ReactNode;
}) {
  return (
    <main className="page">
      <header className="page-head">
        <div>
          <h1>{title}</h1>
          {about && <p className="quiet">{about}</p>}
        </div>
        {verbs && <div className="verbs">{verbs}</div>}
      </header>
      {children}
    </main>
  );
}
