import { describe, expect, it } from 'vitest';
import { findView } from '../../../datasources/registry/find-view.js';
import type { VertexFeatureViewSettings } from '../../../datasources/registry/model.js';

const settings: VertexFeatureViewSettings = {
  kind: 'VERTEX_FEATURE_VIEW',
  project: 'p',
  location: 'europe-west4',
  featureOnlineStore: 'serving',
  views: {
    page: 'pages',
    visit: 'projects/other/locations/europe-west4/featureOnlineStores/more/featureViews/visits',
  },
  usePreview: true,
};

describe('findView', () => {
  it('finds a view of the same name, one of another name, and one of another project', () => {
    expect(findView(settings, 'customer')).toEqual({ settings, view: 'customer' });
    expect(findView(settings, 'page')).toEqual({ settings, view: 'pages' });
    expect(findView(settings, 'visit')).toEqual({
      settings: { ...settings, project: 'other', featureOnlineStore: 'more' },
      view: 'visits',
    });
  });
});
