export {};
export { createClusterRoleAggregationController } from "./clusterrole-aggregation/clusterrole-aggregation.ts";
export { createEndpointsController, type EndpointsControllerOptions } from "./endpoint/endpoints-controller.ts";
export { createEndpointSliceController, type EndpointSliceControllerOptions } from "./endpointslice/endpointslice-controller.ts";
export { createNamespaceController, type NamespaceControllerOptions } from "./namespace/namespace-controller.ts";
export { createRootCaPublisherController, type RootCaPublisherOptions } from "./root-ca-publisher/root-ca-publisher.ts";
export { createServiceAccountController, type ServiceAccountControllerOptions } from "./serviceaccount/serviceaccount-controller.ts";
