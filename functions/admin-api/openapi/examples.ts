// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${name} is how the templates of repository rules are written
/** One of each, for people and for generated clients; every one of them is accepted in a network that has the others. */
export const EXAMPLES = {
  Site: {
    id: 'example-university',
    name: 'Example University',
    url: 'https://mirror.example.org/about',
    contacts: ['mirror@example.org'],
    admins: ['alice'],
  },
  Host: {
    id: 'mirror.example.org',
    site: 'example-university',
    country: 'DE',
    bandwidth: '10G',
    netblocks: ['192.0.2.0/24'],
    region: 'eu-central',
    carries: [{ category: 'linux', urls: ['https://mirror.example.org/linux', 'rsync://mirror.example.org/linux'] }],
  },
  Category: {
    id: 'linux',
    topDirectory: 'pub/linux',
    master: { rsync: 'rsync://master.example.org/linux', heads: 'https://master.example.org/linux' },
    rules: [{ match: 'releases/(?<version>[0-9]+)/(?<arch>[^/]+)/os', repo: 'linux-${version}' }],
  },
  TokenWish: { label: 'report_mirror on the mirror itself', lifetime: '365d' },
  SitePatch: { ownerActive: false },
  HostPatch: { bandwidth: '1G', comment: null },
  CheckIn: { categories: [{ id: 'linux' }] },
  BeginSync: { mode: 'full', expectedDurationMs: 1_800_000 },
  SyncHeartbeat: { fence: 1 },
  EndSync: { fence: 1, outcome: 'success' },
  Reason: { reason: 'the disk is being replaced' },
  CategoryPatch: { schedule: { heads: '3h' } },
} as const;
