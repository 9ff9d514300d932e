import { Field, ObjectType, type ClassType } from 'type-graphql';

@ObjectType({ description: 'The cursors of a page, and whether there are other pages.' })
export class PageInfo {
  @Field(() => Boolean, { description: 'true: there are items after this page.' })
  hasNextPage!: boolean;

  @Field(() => Boolean, { description: 'true: there are items before this page.' })
  hasPreviousPage!: boolean;

  @Field(() => String, { nullable: true, description: 'The cursor of the first item. Null if the page is empty.' })
  startCursor!: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'The cursor of the last item: pass it as `after` to get the next page. Null if the page is empty.',
  })
  endCursor!: string | null;
}

/** A page of items as resolvers return it. */
export interface Connection<Item> {
  readonly edges: readonly { readonly cursor: string; readonly node: Item }[];
  readonly nodes: readonly Item[];
  readonly pageInfo: PageInfo;
}

/** Makes the connection and edge types of an item type, e.g. FeatureConnection and FeatureEdge. */
export function createConnectionType<Item extends object>(
  item: abstract new () => Item,
  name: string,
  items: string,
): ClassType {
  @ObjectType(`${name}Edge`, { description: `One of the ${items} in a page, with its cursor.` })
  class Edge {
    @Field(() => String, { description: 'The cursor of the item: an opaque string to pass as `after`.' })
    cursor!: string;

    @Field(() => item as ClassType<Item>, { description: 'The item.' })
    node!: Item;
  }

  @ObjectType(`${name}Connection`, { description: `A page of ${items}.` })
  class ItemConnection {
    @Field(() => [Edge], { description: 'The items with their cursors.' })
    edges!: Edge[];

    @Field(() => [item as ClassType<Item>], { description: 'The items without their cursors.' })
    nodes!: Item[];

    @Field(() => PageInfo, { description: 'The cursors of the page.' })
    pageInfo!: PageInfo;
  }
  return ItemConnection;
}
