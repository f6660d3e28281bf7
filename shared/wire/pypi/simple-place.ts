/** Absolute paths, since a link that is relative to the page breaks when the page was reached by way of a redirect. */
const encoded = (path: string): string => path.split('/').map(encodeURIComponent).join('/');

export const filePlace = (mount: string, path: string): string => `/${encoded(mount)}/${encoded(path)}`;

export const indexPlace = (mount: string): string => `/${encoded(mount)}/simple/`;

/** `project` in its normal form. */
export const projectPlace = (mount: string, project: string): string => `${indexPlace(mount)}${encoded(project)}/`;
