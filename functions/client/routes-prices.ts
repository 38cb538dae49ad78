import type { Routes } from '../shared/route.ts';
import { AvailableOptions, InstanceMetrics, InstancePricing, PriceHistory, PricingHistory } from './answers-prices.ts';
import { ofInstance, PriceHistoryQuery, PricingHistoryQuery } from './requests.ts';

/** Routes for current and past prices of an instance and of its alternatives. */
export const priceRoutes = {
  instancePricing: {
    id: 'C12',
    method: 'GET',
    path: '/api/client/instances/{instance_id}/pricing',
    access: 'clientOrAdmin',
    scope: 'read',
    summary: 'What the pools of the instance’s type and region cost',
    params: ofInstance,
    response: InstancePricing,
    errors: ['instance_not_found'],
  },
  instanceMetrics: {
    id: 'C13',
    method: 'GET',
    path: '/api/client/instances/{instance_id}/metrics',
    access: 'clientOrAdmin',
    scope: 'read',
    summary: 'How long the instance ran, how often it was switched, and what it saved',
    params: ofInstance,
    response: InstanceMetrics,
    errors: ['instance_not_found'],
  },
  priceHistory: {
    id: 'C14',
    method: 'GET',
    path: '/api/client/instances/{instance_id}/price-history',
    access: 'clientOrAdmin',
    scope: 'read',
    summary: 'What the pools of the instance cost, by hour or day',
    params: ofInstance,
    query: PriceHistoryQuery,
    response: PriceHistory,
    errors: ['instance_not_found'],
  },
  pricingHistory: {
    id: 'C15',
    method: 'GET',
    path: '/api/client/pricing-history',
    access: 'client',
    scope: ['agent', 'read'],
    summary: 'The price history of an agent, by default of the one that started last',
    query: PricingHistoryQuery,
    response: PricingHistory,
    errors: ['agent_not_found'],
  },
  availableOptions: {
    id: 'C16',
    method: 'GET',
    path: '/api/client/instances/{instance_id}/available-options',
    access: 'clientOrAdmin',
    scope: 'read',
    summary: 'The pools and types that the instance could switch to',
    params: ofInstance,
    response: AvailableOptions,
    errors: ['instance_not_found'],
  },
} satisfies Routes;
